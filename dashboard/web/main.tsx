import { render } from 'preact';
import { App } from './app.tsx';
import { startClock } from './clock.ts';

const page = document.getElementById('page');
if (page === null) throw new TypeError('index.html must have an element with the id page');

startClock();
// A task of its own: what the scripts do to start, and drawing, are each as much as one frame has time for.
setTimeout(() => {
  page.replaceChildren();
  render(<App />, page);
});
