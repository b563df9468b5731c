// SPDX-License-Identifier: Apache-2.0
//
// A PIN for the next twelve hours, or none.
import { useState } from "preact/hooks";
import { core } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { Button } from "../ui/basic.jsx";
import { Title } from "./title.jsx";

export function Pin({ next }) {
  const [error, setError] = useState(null);
  const send = async (event) => {
    event.preventDefault();
    const pin = event.currentTarget.elements.pin.value;
    if (!/^\d{6,12}$/.test(pin)) return setError(t("pin.short"));
    const answer = await core.setPin({ pin });
    if (answer && answer.exit) return setError(answer.error);
    next();
  };
  return (
    <form class="form" onSubmit={send}>
      <Title>{t("pin.title")}</Title>
      <p>{t("pin.text")}</p>
      <div class="field"><label for="pin">{t("pin.label")}</label>
        <input class="input pin" id="pin" name="pin" type="password" inputmode="numeric" pattern="[0-9]*" autocomplete="off" maxLength={12} autofocus />
        {error && <span class="hint" role="alert">{error}</span>}</div>
      <button class="button main full">{t("next")}</button>
      <Button quiet onClick={() => next()}>{t("pin.without")}</Button>
    </form>
  );
}
