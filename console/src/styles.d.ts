// Styles are brought in by the bundler.
// Promise: none but what TypeScript must be told.
declare module "*.css";
