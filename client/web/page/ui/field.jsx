// SPDX-License-Identifier: Apache-2.0
//
// One field of the pack as a control. Values are what the core's JSON holds: text, number, boolean, list, or null.
import { useId, useState } from "preact/hooks";
import { shift, today } from "../lib/dates.js";
import { lang, t, wording } from "../lib/i18n.js";
import { fieldLabel, fieldOf, hintsFor, optionsOf } from "../lib/pack.js";
import { Icon } from "./icon.jsx";
import { RefPicker } from "./pick.jsx";

const types = { int: "text", decimal: "text", date: "date", datetime: "datetime-local", phone: "tel", email: "email", url: "url" };
const modes = { int: "numeric", decimal: "decimal", phone: "tel", email: "email", url: "url" };

function Options({ spec, value, onChange, several, label }) {
  const name = useId();
  const options = Object.entries(optionsOf(spec)).filter(([key, option]) => !option.retired || value === key);
  const chosen = several ? value ?? [] : value ? [value] : [];
  const others = chosen.filter((key) => !options.some(([known]) => known === key));
  const set = (key, on) => onChange(several ? (on ? [...chosen, key] : chosen.filter((one) => one !== key)) : on ? key : null);
  if (!several && options.length > 14)
    return (
      <select class="input" aria-label={label} value={value ?? ""} onChange={(event) => onChange(event.currentTarget.value || null)}>
        <option value="">{t("form.none")}</option>
        {options.map(([key, option]) => <option key={key} value={key}>{wording(option.label)}</option>)}
      </select>
    );
  return (
    <div class="chips">
      {[...options, ...others.map((key) => [key, null])].map(([key, option]) => (
        <label class="chip" key={key}>
          <input type={several ? "checkbox" : "radio"} name={name} checked={chosen.includes(key)}
            onClick={(event) => !several && chosen.includes(key) && (set(key, false), (event.currentTarget.checked = false))}
            onChange={(event) => set(key, event.currentTarget.checked)} />
          {option ? wording(option.label) : key}
        </label>
      ))}
    </div>
  );
}

function Checks({ spec, value, onChange }) {
  const chosen = value ?? [];
  return Object.entries(optionsOf(spec)).map(([key, option]) => (
    <label class="check" key={key}>
      <input type="checkbox" checked={chosen.includes(key)}
        onChange={(event) => onChange(event.currentTarget.checked ? [...chosen, key] : chosen.filter((one) => one !== key))} />
      <span>{wording(option.label)}</span>
    </label>
  ));
}

function Weekdays({ value, onChange }) {
  const on = value ?? "";
  return (
    <div class="days">
      {[1, 2, 3, 4, 5, 6, 7].map((n) => {
        const day = new Date(2024, 0, n, 12);
        const said = new Intl.DateTimeFormat(lang.value, { weekday: "long" }).format(day);
        return (
          <label class="chip" key={n} title={said}>
            <input type="checkbox" aria-label={said} checked={on.includes(n)} onChange={(event) =>
              onChange([1, 2, 3, 4, 5, 6, 7].filter((one) => (one === n ? event.currentTarget.checked : on.includes(one))).join("") || null)} />
            {new Intl.DateTimeFormat(lang.value, { weekday: "narrow" }).format(day)}
          </label>
        );
      })}
    </div>
  );
}

function DateInput({ id, value, onChange, ...rest }) {
  const days = [[today(), t("day.today")], [shift(today(), -1), t("day.yesterday")]];
  return (
    <div class="with-chips">
      <input class="input" type="date" id={id} value={value ?? ""} onInput={(event) => onChange(event.currentTarget.value || null)} {...rest} />
      {days.map(([day, label]) => <button type="button" class="chip" key={day} aria-pressed={value === day} onClick={() => onChange(day)}>{label}</button>)}
    </div>
  );
}

/** Texts of a set without options: one line each. */
const Lines = ({ id, value, onChange, ...rest }) => (
  <textarea class="input" id={id} value={(value ?? []).join("\n")} placeholder={t("form.lines")}
    onInput={(event) => onChange(event.currentTarget.value.split("\n").map((line) => line.replaceAll(";", ",")).filter((line, i, all) => line || i === all.length - 1))} {...rest} />
);

function Control({ kind, name, spec, id, value, onChange, error, autofocus, label }) {
  const common = { id, "aria-invalid": error ? "true" : undefined, "aria-describedby": error ? `${id}-error` : undefined, autofocus };
  const typed = (event) => onChange(event.currentTarget.value === "" ? null : event.currentTarget.value);
  switch (spec.type) {
    case "longtext": return <textarea class="input" value={value ?? ""} onInput={typed} {...common} />;
    case "date": return <DateInput value={value} onChange={onChange} {...common} />;
    case "enum": return <Options spec={spec} value={value} onChange={onChange} label={label} />;
    case "checklist": return <Checks spec={spec} value={value} onChange={onChange} />;
    case "weekdays": return <Weekdays value={value} onChange={onChange} />;
    case "ref": return <RefPicker kind={kind} field={name} spec={spec} value={value} onChange={onChange} label={label} id={id} />;
    case "set":
      if (spec.of === "ref") return <RefPicker kind={kind} field={name} spec={spec} value={value ?? []} onChange={onChange} label={label} id={id} several />;
      if (spec.of === "text" && !spec.options) return <Lines value={value} onChange={onChange} {...common} />;
      return <Options spec={spec} value={value} onChange={onChange} several label={label} />;
    default:
      return <input class="input" type={types[spec.type] ?? "text"} inputmode={modes[spec.type]} value={value ?? ""}
        autocomplete="off" autocapitalize={spec.type === "text" ? "sentences" : "none"} onInput={typed} {...common} />;
  }
}

const grouped = (spec) => ["enum", "checklist", "weekdays"].includes(spec.type) || (spec.type === "set" && (spec.of !== "text" || spec.options) && spec.of !== "ref");

export function Field({ kind, name, value, onChange, error, autofocus }) {
  const spec = fieldOf(kind, name);
  const id = useId();
  const [left, setLeft] = useState(false);
  if (!spec) return null;
  const label = fieldLabel(kind, name);
  const help = wording(spec.help);
  const must = spec.required && <span class="must"> ({t("form.must")})</span>;
  const control = <Control kind={kind} name={name} spec={spec} id={id} value={value} onChange={onChange} error={error} autofocus={autofocus} label={label} />;
  const hints = spec.type === "longtext" || spec.type === "text" ? hintsFor(value) : [];
  const notes = <>
    {help && <span class="help">{help}</span>}
    {hints.map((hint) => <span class="hint" key={hint}><Icon name="alarm" />{hint}</span>)}
    {error && <span class="hint" id={`${id}-error`} role="alert">{error}</span>}
  </>;
  if (spec.type === "bool")
    return (
      <div class="field" data-field={name}>
        <label class="check"><input type="checkbox" checked={Boolean(value)} onChange={(event) => onChange(event.currentTarget.checked)} /><span>{label}</span></label>
        {notes}
      </div>
    );
  if (grouped(spec)) return <fieldset class="field" data-field={name}><legend class="label">{label}{must}</legend>{control}{notes}</fieldset>;
  return <div class="field" data-field={name} onFocusOut={() => setLeft(true)} data-left={left}><label for={id}>{label}{must}</label>{control}{notes}</div>;
}

/** A value as the words of the command line. */
export function argument(spec, value) {
  if (value === null || value === undefined) return "";
  if (spec.type === "bool") return value ? "oui" : "non";
  if (!Array.isArray(value)) return String(value);
  if (spec.type === "set" && spec.of === "text") {
    const lines = value.map((line) => line.trim()).filter(Boolean);
    return lines.length ? `${lines.join(";")}${lines.length === 1 && lines[0].includes(",") ? ";" : ""}` : "";
  }
  return value.join(",");
}
