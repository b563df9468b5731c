// SPDX-License-Identifier: Apache-2.0
//
// The form of a record, made from the pack. What is typed is kept as it is typed; saving writes one command.
import { useEffect, useRef, useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { dropDraft, keepDraft, loadDraft } from "../lib/draft.js";
import { today } from "../lib/dates.js";
import { t, wording } from "../lib/i18n.js";
import { fieldOf, formOf, kindLabel, visibleFields } from "../lib/pack.js";
import { Button, Group, Note } from "./basic.jsx";
import { argument, Field } from "./field.jsx";

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null) || (a === null && b === "") || (Array.isArray(a) && !a.length && !b) || (a === false && b === null);

function initialOf(kind, preset) {
  const values = { ...preset };
  for (const name of visibleFields(kind)) {
    const spec = fieldOf(kind, name);
    if (values[name] === undefined && spec.initial) values[name] = spec.initial === "aujourdhui" ? today() : spec.initial;
    if (values[name] === undefined && spec.type === "date" && spec.required) values[name] = today();
    if (typeof values[name] === "string" && (spec.type === "set" || spec.type === "checklist")) values[name] = values[name].split(",");
  }
  return values;
}

/**
 * `record`: what `show` answered, when one is changed; `preset`: values of a new one. `onDone(answer, values)` after it
 * was written. `only`: the fields to show, instead of the pack's form.
 */
export function RecordForm({ kind, record, preset = {}, quick, only, draftKey, about, onDone }) {
  const start = useRef(record ?? initialOf(kind, preset));
  const [values, setValues] = useState(start.current);
  const [restored, setRestored] = useState(false);
  const [ready, setReady] = useState(false);
  const [error, setError] = useState(null);
  const [wide, setWide] = useState(false);
  const busy = useRef(false);

  useEffect(() => {
    loadDraft(draftKey).then((kept) => {
      if (kept) { setValues({ ...start.current, ...kept }); setRestored(true); }
      setReady(true);
    });
  }, [draftKey]);

  const form = formOf(kind, quick);
  const shown = only ? [{ fields: only }] : form.blocks;
  const listed = new Set(shown.flatMap((block) => block.fields));
  const rest = only ? [] : visibleFields(kind).filter((name) => !listed.has(name));
  const blocks = wide || record ? [...shown, ...(rest.length ? [{ title: shown.length > 1 || record ? { fr: t("form.more") } : null, fields: rest }] : [])] : shown;

  const change = (name, value) => {
    const next = { ...values, [name]: value };
    setValues(next);
    setError(null);
    const kept = {};
    for (const [key, one] of Object.entries(next)) if (!same(one, start.current[key])) kept[key] = one;
    keepDraft(draftKey, kept, about);
  };
  const startAgain = async () => {
    await dropDraft(draftKey);
    setValues(start.current);
    setRestored(false);
  };
  const save = async (event) => {
    event?.preventDefault();
    if (busy.current) return;
    const missing = visibleFields(kind).find((name) => fieldOf(kind, name).required && !values[name]);
    if (missing) {
      if (!listed.has(missing)) setWide(true);
      return setError({ field: missing, text: t("form.missing") });
    }
    busy.current = true;
    const words = [];
    for (const name of Object.keys(values)) {
      const spec = fieldOf(kind, name);
      if (spec && !same(values[name], record ? record[name] : null)) words.push(`${name}=${argument(spec, values[name])}`);
    }
    let answer = { exit: 0, json: record };
    if (!record) answer = await run(["new", kind, ...words]);
    else if (words.length) answer = await run(["set", record.id, ...words, "--base", record.base]);
    busy.current = false;
    if (answer.exit !== 0) return setError({ text: answer.error });
    await dropDraft(draftKey);
    onDone(answer, values);
  };

  let first = !record;
  return (
    <form class="form" onSubmit={save} noValidate aria-label={wording(form.title) || kindLabel(kind)} aria-busy={!ready}>
      {restored && <Note icon="note"><p>{t("form.restored")}</p><div class="buttons"><Button quiet onClick={startAgain}>{t("form.drop")}</Button></div></Note>}
      {ready && blocks.map((block, i) => (
        <Group key={i} title={wording(block.title)}>
          <div class="form">
            {block.fields.filter((name) => fieldOf(kind, name) && !(record && fieldOf(kind, name).fixed)).map((name) => {
              const focus = first && !values[name] && ["text", "longtext"].includes(fieldOf(kind, name).type);
              if (focus) first = false;
              return <Field key={name} kind={kind} name={name} value={values[name]} autofocus={focus}
                error={error?.field === name ? error.text : null} onChange={(value) => change(name, value)} />;
            })}
          </div>
        </Group>
      ))}
      {ready && !record && !only && rest.length > 0 && !wide && <div><Button quiet icon="plus" onClick={() => setWide(true)}>{t("form.all")}</Button></div>}
      {error && !error.field && <Note tone="bad" icon="alarm" role="alert"><p>{error.text}</p></Note>}
      <div class="form-foot"><button type="submit" class="button main full">{t("save")}</button></div>
    </form>
  );
}
