// SPDX-License-Identifier: Apache-2.0
//
// Writing a new record, or changing one. The address holds what is known already (nouveau/contact?personne=…).
import { useEffect, useState } from "preact/hooks";
import { quote, run, useSql } from "../lib/core.js";
import { t, wording } from "../lib/i18n.js";
import { formOf, kindLabel, kindOf } from "../lib/pack.js";
import { goInstead, back } from "../lib/router.js";
import { Head, List, Note, Row, Waiting } from "../ui/basic.jsx";
import { RecordForm } from "../ui/form.jsx";
import { done } from "../ui/toast.jsx";
import { fold } from "../lib/words.js";

export function Nouveau({ args: [kind], query }) {
  const { quick, from, ...preset } = query;
  const [text, setText] = useState(null);
  const about = preset.personne ?? preset.entreprise ?? preset.placement;
  const of = useSql(`SELECT title(${quote(about ?? "")}) AS title`)?.[0]?.title;
  if (!kindOf(kind)) return <Head title={t("fiche.none")} />;
  const title = wording(formOf(kind, Boolean(quick)).title) || kindLabel(kind);
  const saved = (answer) => {
    done(t("form.saved", kindLabel(kind)));
    if (from) { const [screen, ...args] = from.split("/"); return goInstead(screen, args); }
    goInstead("fiche", [answer.json.id]);
  };
  return <>
    <Head title={title} under={of} />
    {kind === "personne" && text && <SameName text={text} site={preset.site} />}
    <div onInput={(event) => kind === "personne" && event.target.closest("[data-field=prenom]") && setText(event.target.value)}>
      <RecordForm kind={kind} preset={preset} quick={Boolean(quick)} draftKey={`new ${kind} ${Object.values(preset).join(" ")}`}
        about={{ title: of ? `${title} – ${of}` : title, href: location.hash }} onDone={saved} />
    </div>
  </>;
}

/** The same first name exists already: said while it is typed, never a refusal. */
function SameName({ text }) {
  const rows = useSql("SELECT id, prenom, title(id) AS name, title(site) AS site, annee_naissance AS born FROM personne WHERE NOT mistake");
  const wanted = fold(text);
  const found = wanted.length < 3 ? [] : (rows ?? []).filter((row) => fold(row.prenom ?? "") === wanted).slice(0, 4);
  if (!found.length) return null;
  return <Note icon="people"><p>{t("people.same")}</p>
    <List>{found.map((row) => <li key={row.id}><Row to={["fiche", [row.id]]} face={row.name} line={row.name} under={[row.site, row.born].filter(Boolean).join(" · ")} /></li>)}</List></Note>;
}

export function Modifier({ args: [id] }) {
  const [record, setRecord] = useState(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    run(["show", id]).then((answer) => (answer.exit === 0 ? setRecord(answer.json) : setError(answer.error)));
  }, [id]);
  if (error) return <><Head title={t("edit")} /><Note tone="bad" icon="alarm"><p>{error}</p></Note></>;
  if (!record) return <><Head title={t("edit")} /><Waiting /></>;
  return <>
    <Head title={t("edit")} under={record.title} />
    <RecordForm kind={record.kind} record={record} draftKey={`set ${id}`} about={{ title: t("form.editOf", record.title), href: location.hash }}
      onDone={() => { done(t("form.changed")); back(); }} />
  </>;
}
