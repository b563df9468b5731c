// SPDX-License-Identifier: Apache-2.0
//
// A footbridge: the mark of the program.
export const Logo = () => (
  <svg class="logo" viewBox="0 0 64 64" aria-hidden="true">
    <rect width="64" height="64" rx="15" fill="#0b5c63" />
    <path d="M8 42c8-15 16-21 24-21s16 6 24 21" fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" />
    <path d="M8 42h48M20 42V28.500M32 42V21M44 42V28.500" stroke="#fff" stroke-width="3" stroke-linecap="round" />
    <path d="M10 50h44" stroke="#8fd3d6" stroke-width="3" stroke-linecap="round" stroke-dasharray="1 7" />
  </svg>
);
