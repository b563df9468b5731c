// SPDX-License-Identifier: Apache-2.0
//
// A message whose words tell nothing to whoever reads over a shoulder, shared through the phone's own programs.
import { useState } from "preact/hooks";
import { quote, useRun, useSql } from "../lib/core.js";
import { longDay, shift, today } from "../lib/dates.js";
import { languages, say, t } from "../lib/i18n.js";
import { shareText } from "../lib/share.js";
import { Button, Head, Segments, Waiting } from "../ui/basic.jsx";
import { toast } from "../ui/toast.jsx";


export function Message({ args: [person] }) {
  const record = useRun(["show", person])?.json;
  const next = useSql(`SELECT debut, lieu FROM rdv WHERE personne = ${quote(person)} AND NOT mistake AND substr(debut, 1, 10) >= ${quote(today())} ORDER BY debut LIMIT 1`);
  if (!record || !next) return <><Head title={t("message.title")} /><Waiting /></>;
  return <Compose record={record} next={next[0]} />;
}

function Compose({ record, next }) {
  const [kind, setKind] = useState("appointment");
  const [code, setCode] = useState((record.langues ?? []).find((one) => languages.some(([key]) => key === one)) ?? "fr");
  const [day, setDay] = useState(next?.debut.slice(0, 10) ?? shift(today(), 1));
  const [hour, setHour] = useState(next?.debut.slice(11, 16) ?? "");
  const [place, setPlace] = useState(next?.lieu ?? "");
  const text = kind === "appointment" ? say(code, "message.appointment", longDay(day, code), hour, place) : say(code, "message.callback");
  const share = async () => { if ((await shareText(text)) === "copied") toast(t("message.copied"), [], 3); };
  return <>
    <Head title={t("message.title")} under={record.title} />
    <Segments label={t("message.kind")} value={kind} onChange={setKind} options={["appointment", "callback"].map((one) => [one, t(`message.kind.${one}`)])} />
    <Segments label={t("message.lang")} value={code} onChange={setCode} options={languages} />
    {kind === "appointment" && <div class="form">
      <div class="with-chips">
        <div class="field"><label for="day">{t("message.day")}</label><input class="input" type="date" id="day" value={day} onInput={(event) => event.currentTarget.value && setDay(event.currentTarget.value)} /></div>
        <div class="field"><label for="hour">{t("message.hour")}</label><input class="input" type="time" id="hour" value={hour} onInput={(event) => setHour(event.currentTarget.value)} /></div>
      </div>
      <div class="field"><label for="place">{t("message.place")}</label><input class="input" id="place" value={place} onInput={(event) => setPlace(event.currentTarget.value)} /></div>
    </div>}
    <section class="card"><h2>{t("message.text")}</h2><p lang={code}>{text}</p><p class="soft small">{t("message.help")}</p></section>
    <Button main full icon="share" onClick={share}>{t("message.share")}</Button>
  </>;
}
