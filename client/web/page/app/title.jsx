// SPDX-License-Identifier: Apache-2.0
//
// The title of a step outside the frame; it takes the focus, so that a reader hears where it is.
import { useEffect, useRef } from "preact/hooks";

export function Title({ children }) {
  const h1 = useRef(null);
  useEffect(() => h1.current.focus({ preventScroll: true }), [children]);
  return <h1 ref={h1} tabIndex={-1}>{children}</h1>;
}
