// SPDX-License-Identifier: Apache-2.0
//
// The first minutes: install, a name, four words, a PIN, then an invitation or a new organisation.
import { useEffect, useState } from "preact/hooks";
import { core } from "../lib/core.js";
import { lang, setLang, t } from "../lib/i18n.js";
import { installed, installer, isApple } from "../lib/version.js";
import { fold, fourWords, passphrase } from "../lib/words.js";
import { Button, Note, Segments } from "../ui/basic.jsx";
import { Icon } from "../ui/icon.jsx";
import { JoinOrFound } from "./join.jsx";
import { Logo } from "./logo.jsx";
import { Pin } from "./pin.jsx";
import { Title } from "./title.jsx";
import { WordsInput } from "./words.jsx";

function Install() {
  if (installed()) return null;
  const ask = async () => {
    await installer.value.prompt();
    installer.value = null;
  };
  return (
    <Note icon="device">
      <p>{t("install.why")}</p>
      {installer.value ? <div><Button main onClick={ask}>{t("install.now")}</Button></div>
        : <p class="small">{isApple() ? t("install.apple") : t("install.menu")}</p>}
    </Note>
  );
}

function Welcome({ next }) {
  return <>
    <Logo />
    <Title>{t("first.title")}</Title>
    <p>{t("first.text")}</p>
    <Install />
    <ul class="form">
      {["first.protects", "first.not", "first.lost"].map((key) => <li key={key} class="row-plain"><Icon name={key === "first.protects" ? "lock" : key === "first.not" ? "alarm" : "device"} /><span>{t(key)}</span></li>)}
    </ul>
    <div class="spring" />
    <Segments label={t("settings.lang")} value={lang.value} options={[["fr", "Français"], ["en", "English"]]} onChange={setLang} />
    <Button main full onClick={next}>{t("first.start")}</Button>
  </>;
}

function Name({ next }) {
  const send = (event) => {
    event.preventDefault();
    const name = event.currentTarget.elements.name.value.trim();
    if (name) next({ name });
  };
  return (
    <form class="form" onSubmit={send}>
      <Title>{t("name.title")}</Title>
      <div class="field"><label for="name">{t("name.label")}</label>
        <input class="input" id="name" name="name" required maxLength={60} autocomplete="off" autofocus />
        <span class="help">{t("name.help")}</span></div>
      <button class="button main full">{t("next")}</button>
    </form>
  );
}

function Words({ next }) {
  const [words, setWords] = useState(fourWords);
  return <>
    <Title>{t("words.title")}</Title>
    <p>{t("words.text")}</p>
    <ol class="word-grid" translate="no">{words.map((word, i) => <li key={i}><span>{i + 1}</span>{word}</li>)}</ol>
    <Note icon="note"><p>{t("words.paper")}</p></Note>
    <div class="spring" />
    <Button main full onClick={() => next({ words, ask: crypto.getRandomValues(new Uint8Array(1))[0] % 4 })}>{t("words.noted")}</Button>
    <Button quiet icon="sync" onClick={() => setWords(fourWords())}>{t("words.others")}</Button>
  </>;
}

/** One of the words is asked back, then the keys are made. */
function Check({ data, next, again }) {
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const check = async ([word]) => {
    if (fold(word) !== fold(data.words[data.ask])) return setError(t("words.wrong"));
    setBusy(true);
    setError(null);
    const answer = await core.create({ name: data.name, passphrase: passphrase(data.words) });
    setBusy(false);
    if (answer.exit !== 0) return setError(answer.exit === 3 ? t("first.notLoaded") : answer.error);
    next({});
  };
  return <>
    <Title>{t("words.check")}</Title>
    {busy ? <p role="status">{t("first.making")}</p> : <WordsInput key={error} n={1} first={data.ask} onDone={check} label={t("next")} />}
    {error && <Note tone="bad" icon="alarm" role="alert"><p>{error}</p></Note>}
    <div class="spring" />
    {!busy && <Button quiet onClick={again}>{t("words.seeagain")}</Button>}
  </>;
}

export function FirstRun({ opened }) {
  const [step, setStep] = useState("welcome");
  const [data, setData] = useState({});
  const to = (name) => (more) => { setData({ ...data, ...more }); setStep(name); };
  useEffect(() => { scrollTo(0, 0); }, [step]);
  const faces = {
    welcome: () => <Welcome next={async () => { navigator.storage?.persist?.().then((kept) => setData((one) => ({ ...one, kept }))); to("name")({}); }} />,
    name: () => <Name next={to("words")} />,
    words: () => <Words next={to("check")} />,
    check: () => <Check data={data} next={to("pin")} again={() => setStep("words")} />,
    pin: () => <Pin next={() => to("join")({})} />,
    join: () => <>
      <Title>{t("join.title")}</Title>
      {data.kept === false && <Note tone="late" icon="alarm"><p>{t("storage.no")}</p></Note>}
      {data.kept === true && <Note tone="good" icon="check"><p>{t("storage.yes")}</p></Note>}
      <JoinOrFound done={opened} />
    </>,
  };
  return <main class="alone">{faces[step]()}</main>;
}
