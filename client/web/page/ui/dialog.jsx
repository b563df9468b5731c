// SPDX-License-Identifier: Apache-2.0
//
// A sheet that rises from the bottom (a dialog in the middle of a laptop). Escape, the cross and a tap beside close it.
import { useEffect, useRef } from "preact/hooks";
import { t } from "../lib/i18n.js";
import { IconButton } from "./basic.jsx";

export function Dialog({ title, onClose, children }) {
  const box = useRef(null);
  const head = useRef(null);
  useEffect(() => {
    const dialog = box.current;
    if (!dialog.open) dialog.showModal();
    if (!dialog.querySelector("[autofocus]")) head.current.focus({ preventScroll: true });
    else dialog.querySelector("[autofocus]").focus();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={box} aria-label={title} onCancel={(event) => (event.preventDefault(), onClose())}
      onClick={(event) => event.target === box.current && onClose()}>
      <div>
        <div class="bar">
          <h2 ref={head} tabIndex={-1}>{title}</h2>
          <IconButton icon="close" label={t("close")} onClick={onClose} />
        </div>
        {children}
      </div>
    </dialog>
  );
}
