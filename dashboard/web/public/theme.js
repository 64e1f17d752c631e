// Runs before the first paint, so that a chosen theme never flashes. The page's theme.ts writes what is read here.
(function () {
  var theme;
  try {
    theme = localStorage.getItem('weft-theme');
  } catch {
    // Storage may be forbidden; then the system decides.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
