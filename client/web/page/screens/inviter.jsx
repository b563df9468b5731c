// SPDX-License-Identifier: Apache-2.0
//
// Inviter: one link for one device, as a code to scan and a text to share.
import { useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { instant } from "../lib/dates.js";
import { t } from "../lib/i18n.js";
import { shareText } from "../lib/share.js";
import { status, syncNow } from "../lib/state.js";
import { Button, Empty, Head, LinkButton, Segments } from "../ui/basic.jsx";
import { QR } from "../ui/qr.jsx";
import { failed, toast } from "../ui/toast.jsx";

const roles = ["mediation", "coordination", "lecture", "admin", "audit", "gardien"];

export function Inviter() {
  const spaces = (status.value?.spaces ?? []).filter((space) => space.roles?.includes("admin"));
  const [space, setSpace] = useState((spaces.find((one) => one.level === "team") ?? spaces[0])?.name);
  const [role, setRole] = useState("mediation");
  const [made, setMade] = useState(null);
  const invite = async () => {
    const answer = await run(["invite", "--role", role, "--space", space]);
    if (failed(answer)) return;
    setMade(answer.json);
    if (navigator.onLine) syncNow();
  };
  const share = async () => { if ((await shareText(made.link)) === "copied") toast(t("message.copied"), [], 3); };
  if (!spaces.length) return <><Head title={t("invite.title")} /><Empty><p>{t("members.none")}</p></Empty></>;
  if (made) return <>
    <Head title={t("invite.title")} under={t("invite.help")} />
    <QR text={made.link} label={t("invite.qr")} />
    <p class="soft">{t("invite.expires", instant(made.expires))}</p>
    <p class="code small card" data-link>{made.link}</p>
    <div class="buttons"><Button main icon="share" class="grow" onClick={share}>{t("invite.copy")}</Button><LinkButton icon="member" to={["membres"]}>{t("members.title")}</LinkButton></div>
  </>;
  return <>
    <Head title={t("invite.title")} />
    <div class="field"><span class="label">{t("invite.space")}</span><Segments label={t("invite.space")} value={space} onChange={setSpace} options={spaces.map((one) => [one.name, one.name])} /></div>
    <fieldset class="field"><legend class="label">{t("invite.role")}</legend>
      {roles.map((one) => <label class="check" key={one}><input type="radio" name="role" checked={role === one} onChange={() => setRole(one)} /><span><span class="strong">{t(`invite.${one}`)}</span><br /><span class="soft small">{t(`invite.${one}.under`)}</span></span></label>)}</fieldset>
    <Button main full icon="link" onClick={invite}>{t("invite.make")}</Button>
  </>;
}
