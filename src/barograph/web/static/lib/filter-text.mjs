// The filter of entities as text: adding to it and taking from it. What it means only the server knows.

/** @param {string} text @returns {string} as a filter has it when it is meant to the letter */
export const quoted = (text) => `"${text.replace(/["\\*]/g, '\\$&')}"`;

const isPlain = (field) => /^[^\s():"\\*]+$/.test(field) && !/^(and|or|not)$/i.test(field);

/** `host:"web-14"` @param {string} field @param {string} value */
export const term = (field, value) => `${isPlain(field) ? field : quoted(field)}:${quoted(value)}`;

/** @param {string} text @returns {{parts: string[], or: boolean}} what stands between its `and`s outside of quotes and parentheses */
function conjuncts(text) {
  const parts = [''];
  let depth = 0;
  let or = false;
  for (const [piece] of text.matchAll(/"(?:[^"\\]|\\.)*"|\\.|\s+(?:and|or)(?=\s)|[\s\S]/gi)) {
    const word = piece.trim().toLowerCase();
    if (piece === '(') depth += 1;
    if (piece === ')') depth -= 1;
    if (depth === 0 && word === 'or') or = true;
    if (depth === 0 && word === 'and') parts.push('');
    else parts[parts.length - 1] += piece;
  }
  return { parts: parts.map((part) => part.trim()).filter(Boolean), or };
}

function joined(text, wanted) {
  const { parts, or } = conjuncts(text);
  if (parts.includes(wanted)) return text;
  return [...(or ? [`(${text.trim()})`] : parts), wanted].join(' and ');
}

/** The filter that also wants an entity; the same when it does. @param {string} text @param {string} field @param {string} value */
export const filterFor = (text, field, value) => joined(without(text, `not ${term(field, value)}`), term(field, value));

/**
 * The filter without an entity: no longer wanted where it was, else left out.
 * @param {string} text @param {string} field @param {string} value
 */
export function filterOut(text, field, value) {
  const wanted = term(field, value);
  const rest = without(text, wanted);
  return rest === text ? joined(text, `not ${wanted}`) : rest;
}

function without(text, part) {
  const { parts, or } = conjuncts(text);
  if (or || !parts.includes(part)) return text;
  return parts.filter((one) => one !== part).join(' and ');
}
