// What components are made of. Everybody imports it from here, so that there is one copy of each.
import { h, render, Fragment } from 'preact';
import { useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useId } from 'preact/hooks';
import {
  signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect,
} from '@preact/signals';
import htm from 'htm';

/** Templates: html`<${Panel} title="Jobs">${text}</${Panel}>`. Text is always text, never markup. */
export const html = htm.bind(h);
export {
  render, Fragment,
  useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useId,
  signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect,
};
