// Text of others, so that it can be read as what it is.

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * A text with its hidden characters written out: what turns the direction of a line round, or has no width, would show another
 * text than the one that came. Tabs and ends of lines stay. @param {string} text @returns {string}
 */
export const visible = (text) => text.replace(HIDDEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
