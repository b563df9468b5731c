// SPDX-License-Identifier: Apache-2.0
//
// One member: what the device could read, another role, leaving, lost. Who only looks after the devices may give up reading:
// then files are closed to that device too.
import { useState } from "preact/hooks";
import { run } from "../lib/core.js";
import { t } from "../lib/i18n.js";
import { roles, rolesText } from "../lib/members.js";
import { go } from "../lib/router.js";
import { can, status, syncNow } from "../lib/state.js";
import { Button, LinkButton, List, Note, Row } from "../ui/basic.jsx";
import { Dialog } from "../ui/dialog.jsx";
import { failed, toast } from "../ui/toast.jsx";

const administers = (space) => (status.value?.spaces ?? []).some((one) => one.id === space && one.roles?.includes("admin"));
const levelOf = (space) => status.value?.spaces?.find((one) => one.id === space)?.level;
const said = (answers, name) => {
  const bad = answers.find((answer) => answer.exit !== 0);
  if (bad) return failed(bad);
  toast(answers.some((answer) => answer.json?.some?.((row) => row.state === "proposed")) ? t("members.proposed") : t("member.changed", name));
  if (navigator.onLine) syncNow();
  return true;
};

/** `rows`: all of member list; `one`: {device, name, spaces} of this one. */
export function Member({ one, rows, onClose }) {
  const [face, setFace] = useState(null);
  const mine = one.device === status.value?.device;
  const active = one.spaces.filter((row) => row.state === "active");
  const guard = (can("admin") || can("guardian")) && !mine && active.length > 0;
  const ruled = active.filter((row) => administers(row.space));
  // Where files are, and somebody else goes on admitting people.
  const closable = mine ? ruled.filter((row) => ["team", "restricted"].includes(levelOf(row.space))
    && rows.some((other) => other.space === row.space && other.device !== one.device && other.state === "active" && other.roles?.includes("admin"))) : [];
  const setRole = async (places, words) => {
    const answers = [];
    for (const row of places) answers.push(await run(["role", one.device, words, "--space", row.space_name]));
    onClose();
    said(answers, one.name);
  };
  const revoke = async () => {
    const result = await run(["revoke", one.device, ...(face === "lost" ? ["--lost"] : [])]);
    onClose();
    if (failed(result)) return;
    toast(result.json?.some?.((row) => row.state === "proposed") ? t("members.proposed") : t("members.revoked", one.name));
    if (navigator.onLine) syncNow();
    if (face === "lost") go("exposition", [one.device]);
  };
  return (
    <Dialog title={one.name || one.device.slice(0, 8)} onClose={onClose}>
      {typeof face === "object" && face ? <>
        <p>{t("member.roleIn", face.space_name)}</p>
        <List label={t("invite.role")}>{roles.map(([name, words]) => <li key={name}><Row onClick={() => setRole([face], words)} line={t(`invite.${name}`)} under={t(`invite.${name}.under`)} /></li>)}</List>
      </> : <>
        {one.spaces.map((row) => <div class="group-head" key={row.space}><p><span class="strong">{row.space_name}</span><br /><span class="soft">{rolesText(row.roles)}</span></p>
          {ruled.includes(row) && !face && <Button quiet icon="edit" aria-label={t("member.roleIn", row.space_name)} onClick={() => setFace(row)}>{t("member.role")}</Button>}</div>)}
        <p class="soft small code">{one.device}</p>
        {!face && <LinkButton full icon="eye" to={["exposition", [one.device]]}>{t("members.exposure")}</LinkButton>}
        {closable.length > 0 && !face && <Button full icon="lock" onClick={() => setFace("close")}>{t("member.close")}</Button>}
        {face === "close" && <Note tone="late" icon="lock"><p>{t("member.closeSure", closable.map((row) => row.space_name).join(", "))}</p>
          <div class="buttons"><Button main onClick={() => setRole(closable, "auditor,guardian")}>{t("member.close")}</Button><Button onClick={() => setFace(null)}>{t("cancel")}</Button></div></Note>}
        {guard && !face && <>
          <Button full danger icon="alarm" onClick={() => setFace("lost")}>{t("members.lost")}</Button>
          <Button full danger icon="close" onClick={() => setFace("leave")}>{t("members.revoke")}</Button>
        </>}
        {(face === "lost" || face === "leave") && <Note tone="bad" icon="alarm"><p>{t(`members.sure.${face}`, one.name)}</p>
          <div class="buttons"><Button danger onClick={revoke}>{t(face === "lost" ? "members.lost" : "members.revoke")}</Button><Button onClick={() => setFace(null)}>{t("cancel")}</Button></div></Note>}
      </>}
    </Dialog>
  );
}
