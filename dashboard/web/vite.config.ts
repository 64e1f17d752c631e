/**
 * Builds the page into dist/web, from where the dashboard serves it. Plain data: the types of Vite would bring those of Node
 * into a program that must not use them.
 */
export default {
  root: new URL('.', import.meta.url).pathname,
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    // light-dark(), nesting and @layer as written.
    target: ['chrome123', 'edge123', 'firefox121', 'safari17.5'],
    // The content security policy allows no data: script and no inline style.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
};
