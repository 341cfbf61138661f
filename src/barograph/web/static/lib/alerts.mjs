// Alerts: when to ask for them anew.
import { computed, signal } from './html.mjs';
import { alertsTold } from './live.mjs';

/** Changes with everything that was done to alerts or rules here. */
const done = signal(0);

/** Say that something was done to alerts or rules: what shows them asks anew. */
export const alertsChanged = () => { done.value += 1; };

/** Changes when there may be other alerts, or others of their states: a dependency of queries. */
export const alertVersion = computed(() => `${alertsTold.value} ${done.value}`);
