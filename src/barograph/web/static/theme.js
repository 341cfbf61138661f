// Runs before anything is painted, so that a page in a chosen theme does not begin in the other one.
(() => {
  const chosen = new URLSearchParams(location.search).get('theme');
  let theme = chosen;
  try {
    theme = chosen ?? localStorage.getItem('barograph.theme');
  } catch {
    // A browser that keeps nothing follows the system.
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
