// SPDX-License-Identifier: Apache-2.0
//
// Chooses the record that a reference points to: few candidates stand as chips, many are searched.
import { useState } from "preact/hooks";
import { quote, useSql } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { kindOf, kindLabel } from "../lib/pack.js";
import { fold } from "../lib/words.js";
import { List, Row } from "./basic.jsx";
import { Dialog } from "./dialog.jsx";
import { Icon } from "./icon.jsx";

const targets = (spec) => [spec.to].flat().filter((kind) => kindOf(kind));
const union = (kinds, where = "") => kinds.map((kind) =>
  `SELECT id, '${kind}' AS kind, title(id) AS title, created_at FROM "${kind}" WHERE NOT mistake ${where}`).join(" UNION ALL ");

export function RefPicker({ spec, value, onChange, label, several, id }) {
  const [open, setOpen] = useState(false);
  const kinds = targets(spec);
  const rows = useSql(kinds.length ? `SELECT * FROM (${union(kinds)}) ORDER BY created_at DESC` : `SELECT ${quote("")} AS id LIMIT 0`);
  const titles = Object.fromEntries((rows ?? []).map((row) => [row.id, row.title]));
  const chosen = several ? value ?? [] : value ? [value] : [];
  const toggle = (one) => {
    const has = chosen.includes(one);
    if (several) onChange(has ? chosen.filter((each) => each !== one) : [...chosen, one]);
    else { onChange(has ? null : one); setOpen(false); }
  };
  return <>
    <button type="button" class="input pick" id={id} onClick={() => setOpen(true)} aria-label={`${label} : ${chosen.map((one) => titles[one]).join(", ") || t("form.choose")}`}>
      <span class={chosen.length ? "" : "soft"}>{chosen.map((one) => titles[one] ?? "…").join(", ") || t("form.choose")}</span><Icon name="next" />
    </button>
    {open && <PickDialog label={label} rows={rows ?? []} kinds={kinds} chosen={chosen} several={several} toggle={toggle} onClose={() => setOpen(false)} />}
  </>;
}

export function PickDialog({ label, rows, kinds = [], chosen = [], several, toggle, onClose }) {
  const [text, setText] = useState("");
  const words = fold(text).split(/\s+/);
  const found = rows.filter((row) => words.every((word) => fold(row.title ?? "").includes(word))).slice(0, 60);
  return (
    <Dialog title={label} onClose={onClose}>
      {rows.length > 7 && <input class="input" type="search" placeholder={t("search")} aria-label={t("search")} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      {found.length ? <List>
        {found.map((row) => <li key={row.id}><Row onClick={() => toggle(row.id)} line={row.title || row.id} under={kinds.length > 1 ? kindLabel(row.kind) : row.under}
          aside={chosen.includes(row.id) ? <Icon name="check" /> : null} aria-pressed={chosen.includes(row.id)} /></li>)}
      </List> : <p class="soft">{t("form.nobody")}</p>}
      {several && <button type="button" class="button main full" onClick={onClose}>{t("ok")}</button>}
    </Dialog>
  );
}
