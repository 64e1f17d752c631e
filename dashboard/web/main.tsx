import { render } from 'preact';
import { App } from './app.tsx';
import { startClock } from './clock.ts';

const page = document.getElementById('page');
if (page === null) throw new TypeError('index.html must have an element with the id page');

startClock();
page.replaceChildren();
render(<App />, page);
