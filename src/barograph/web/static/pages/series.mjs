export { default } from './series/page.mjs';
