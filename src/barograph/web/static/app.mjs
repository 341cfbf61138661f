// The shell: what is around every page. A page is loaded when somebody goes there.
import { html, render, useEffect, useState } from './lib/html.mjs';
import { followLinks, path } from './lib/url.mjs';
import { listen } from './lib/live.mjs';
import { loadScales, severities } from './lib/scales.mjs';
import { listenToKeys } from './lib/keys.mjs';
import { mountTooltip } from './parts/tooltip.mjs';
import { DropTarget } from './parts/drop.mjs';
import { Failed } from './parts/panel.mjs';
import { Header } from './shell/header.mjs';
import { Notices } from './shell/notices.mjs';
import { SignIn } from './shell/sign-in.mjs';
import { ROUTES } from './shell/routes.mjs';
import { keyWanted } from './lib/api.mjs';

const loaded = new Map();

/** The module of a page; null while it is on its way, an Error where it cannot be had. */
function useModule(route) {
  const [, arrived] = useState(0);
  useEffect(() => {
    if (loaded.has(route.module)) return;
    import(`./pages/${route.module}.mjs`)
      .then((module) => loaded.set(route.module, module.default), (error) => loaded.set(route.module, error))
      .then(() => arrived((count) => count + 1));
  }, [route.module]);
  return loaded.get(route.module) ?? null;
}

function Page({ route, values }) {
  const Content = useModule(route);
  useEffect(() => { document.title = `${route.title(values)} · Barograph`; }, [path.value]);
  if (Content === null || severities.value === null) return html`<div class="page" aria-busy="true" />`;
  if (Content instanceof Error) {
    const error = { message: 'This page could not be loaded.', hint: Content.message, request_id: '' };
    return html`<div class="page"><${Failed} error=${error} retry=${() => location.reload()} /></div>`;
  }
  return html`<${Content} ...${values} />`;
}

function App() {
  const { route, values } = ROUTES.find(path.value);
  return html`
    <a class="skip" href="#main">Skip to the content</a>
    <${Header} route=${route} />
    <main id="main" tabindex="-1">
      <${Notices} />
      <${Page} key=${route.module} route=${route} values=${values} />
    </main>
    <${DropTarget} />
    ${keyWanted.value && html`<${SignIn} />`}`;
}

followLinks();
listenToKeys();
mountTooltip();
render(html`<${App} />`, document.getElementById('app'));
listen();

(async function scales(wait = 500) {
  try {
    await loadScales();
  } catch {
    setTimeout(() => scales(Math.min(2 * wait, 10_000)), wait);
  }
}());
