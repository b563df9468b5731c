// SPDX-License-Identifier: Apache-2.0
//
// Face to face: the phone is turned around. One person only, large words, no door to anything else; read aloud in the
// person's language. Shows a notice or consent of the pack, or a job offer with the effects of taking or refusing it.
import { useEffect, useState } from "preact/hooks";
import { run, useRead } from "../lib/core.js";
import { fullDay, today } from "../lib/dates.js";
import { languages, say, t, wording } from "../lib/i18n.js";
import { fieldLabel, fieldOf, optionLabel, optionsOf, pack } from "../lib/pack.js";
import { back } from "../lib/router.js";
import { speak, speaking, stop } from "../lib/speech.js";
import { Note } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";
import { failed, toast } from "../ui/toast.jsx";

const jobFields = ["intitule", "taches", "lieu", "transport", "horaires", "jours", "contrat", "temps", "heures", "salaire", "essai", "debut", "epi"];

/** [{title, text}] of what is shown, in `code`. */
function contentParts(content, code) {
  return content.parts.map((part) => ({ title: wording(part.title, code), text: wording(part.text, code) }));
}
function offerParts(offer, job, code) {
  const facts = jobFields.filter((name) => job?.[name] && fieldOf("poste", name))
    .map((name) => ({ title: fieldLabel("poste", name, code), text: fieldOf("poste", name).type === "enum" ? optionLabel("poste", name, job[name], code) : name === "debut" ? fullDay(job[name], code) : fieldOf("poste", name).type === "weekdays" ? null : String(job[name]) }))
    .filter((part) => part.text);
  const effects = Object.values(optionsOf(fieldOf("proposition", "effets"))).map((item) => wording(item.label, code));
  return [...facts, { title: say(code, "face.effects"), list: effects }];
}

async function read(person, what) {
  const who = await run(["show", person]);
  if (who.exit !== 0) return { error: who.error };
  const offers = who.json.records?.filter((one) => one.kind === "proposition") ?? [];
  let offer = null, job = null;
  if (what && !pack.value.content[what]) {
    offer = (await run(["show", what])).json;
    job = offer?.poste ? (await run(["show", offer.poste])).json : null;
  }
  return { person: who.json, offers, offer, job };
}

export function Face({ args: [person, what] }) {
  const data = useRead(() => read(person, what), [person, what]);
  const [chosen, setChosen] = useState(null);
  useEffect(() => stop, []);
  if (!data) return <main class="facing" aria-busy="true" />;
  if (data.error) return <main class="facing"><Note tone="bad" icon="alarm"><p>{data.error}</p></Note></main>;
  const known = (data.person.langues ?? []).find((code) => languages.some(([one]) => one === code));
  return <Facing data={data} what={what} code={chosen ?? known ?? "fr"} setCode={setChosen} />;
}

function Facing({ data, what, code, setCode }) {
  const [picked, setPicked] = useState(what ?? null);
  const contents = Object.entries(pack.value.content).filter(([, one]) => one.person);
  const content = pack.value.content[picked];
  const offer = data.offer;
  const parts = content ? contentParts(content, code) : offer ? offerParts(offer, data.job, code) : null;
  const title = content ? wording(content.title, code) : offer ? say(code, "face.offer") : say(code, "face.title");
  const readAloud = () => {
    if (speaking.value) return stop();
    if (!speak(code, [data.person.prenom, title, ...parts.flatMap((part) => [part.title, part.text, ...(part.list ?? [])])])) toast(t("face.novoice"));
  };
  const leave = () => { stop(); if (picked && !what) setPicked(null); else back(); };
  const note = async (state) => {
    const answer = await run(["new", "consentement", `personne=${data.person.id}`, `objet=${consentSubject(picked)}`, `langue=${code}`, "support=oral", `date=${today()}`, `etat=${state}`, `version=${picked} ${content.version}`]);
    if (!failed(answer)) { toast(t("face.noted")); leave(); }
  };
  return (
    <main class="facing" lang={code}>
      <div class="facing-bar">
        <button type="button" class="button" onClick={leave}><Icon name="back" />{say(code, "face.back")}</button>
        <select class="input" aria-label={t("face.lang")} value={code} onChange={(event) => { stop(); setCode(event.currentTarget.value); }}>
          {languages.map(([key, name]) => <option key={key} value={key} lang={key}>{name}</option>)}
        </select>
      </div>
      <p class="facing-name">{data.person.prenom}</p>
      <h1 tabIndex={-1}>{title}</h1>
      {!parts && <div class="group">
        {contents.map(([key, one]) => <button type="button" class="button full" key={key} onClick={() => setPicked(key)}>{wording(one.title, code)}</button>)}
        {data.offers.map((one) => <a class="button full" key={one.id} href={`#/face/${data.person.id}/${one.id}`}>{say(code, "face.offer")} : {one.title.replace(/ \d{4}-.*/, "")}</a>)}
      </div>}
      {parts?.map((part, i) => (
        <section key={i}><h2>{part.title}</h2>{part.text && <p>{part.text}</p>}
          {part.list && <ul>{part.list.map((one) => <li key={one}>{one}</li>)}</ul>}</section>
      ))}
      {parts && ["ro", "bg"].includes(code) && <p class="soft small">{say(code, "face.notreviewed")}</p>}
      {parts && <div class="facing-foot">
        <button type="button" class="button main full" aria-pressed={speaking.value} onClick={readAloud}><Icon name={speaking.value ? "stop" : "sound"} />{say(code, speaking.value ? "face.stop" : "face.read")}</button>
        {content && <div class="buttons"><button type="button" class="button grow" onClick={() => note("donne")}><Icon name="check" />{say(code, "face.yes")}</button>
          <button type="button" class="button grow" onClick={() => note("refuse")}><Icon name="close" />{say(code, "face.no")}</button></div>}
      </div>}
    </main>
  );
}

/** Which agreement a notice is about: the option whose wording is nearest to it in the pack, by its key. */
function consentSubject(content) {
  const options = Object.keys(optionsOf(fieldOf("consentement", "objet")));
  return options.find((key) => content.startsWith(key)) ?? (content.includes("information") ? options.find((key) => key.includes("info")) : options.find((key) => key.includes("accompagnement"))) ?? options[0];
}
