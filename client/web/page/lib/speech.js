// SPDX-License-Identifier: Apache-2.0
//
// Read aloud with the voices of this phone. Only voices that work without network are used: what is read concerns a
// person.
import { signal } from "@preact/signals";

export const speaking = signal(false);
const engine = globalThis.speechSynthesis;
const tags = { fr: "fr-FR", en: "en-GB", ro: "ro-RO", bg: "bg-BG" };

export function voiceFor(code) {
  const voices = engine?.getVoices().filter((voice) => voice.lang.toLowerCase().startsWith(code)) ?? [];
  return voices.find((voice) => voice.localService);
}
/** Says the texts one after the other; false when no voice of this phone speaks the language. */
export function speak(code, texts) {
  if (!engine) return false;
  stop();
  const voice = voiceFor(code);
  if (!voice && engine.getVoices().length) return false;
  speaking.value = true;
  texts.filter(Boolean).forEach((text, i, all) => {
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = tags[code] ?? code;
    utterance.rate = 0.9;
    if (voice) utterance.voice = voice;
    if (i === all.length - 1) utterance.onend = utterance.onerror = () => (speaking.value = false);
    engine.speak(utterance);
  });
  return true;
}
export function stop() {
  speaking.value = false;
  engine?.cancel();
}
