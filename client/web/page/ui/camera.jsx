// SPDX-License-Identifier: Apache-2.0
//
// The camera inside the page: what it sees, a button, the picture to keep or to take again. The camera is let go when this
// closes or the page is left.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../lib/i18n.js";
import { redraw } from "../lib/photo.js";
import { Button, Note, Waiting } from "./basic.jsx";
import { Dialog } from "./dialog.jsx";
import { Picture } from "./picture.jsx";

/** onTaken(bytes): a JPEG that holds nothing but its pixels. */
export function Camera({ onTaken, onClose }) {
  const video = useRef(null);
  const [state, setState] = useState("starting"); // "starting" | "live" | "none"
  const [taken, setTaken] = useState(null);
  useEffect(() => {
    if (taken) return undefined;
    let stream = null, over = false;
    const stop = () => stream?.getTracks().forEach((track) => track.stop());
    const left = () => document.hidden && onClose();
    addEventListener("visibilitychange", left);
    navigator.mediaDevices?.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1440 } } }).then(async (given) => {
      stream = given;
      if (over) return stop();
      video.current.srcObject = stream;
      await video.current.play();
      setState("live");
    }).catch(() => setState("none")) ?? setState("none");
    return () => {
      over = true;
      stop();
      removeEventListener("visibilitychange", left);
    };
  }, [taken]);
  const shoot = async () => setTaken((await redraw(video.current)).bytes);
  const again = () => { setState("starting"); setTaken(null); };
  if (taken) return (
    <Dialog title={t("photo.check")} onClose={onClose}>
      <Picture bytes={taken} label={t("photo.taken")} />
      <div class="buttons"><Button main onClick={() => onTaken(taken)}>{t("photo.keep")}</Button><Button onClick={again}>{t("photo.again")}</Button></div>
    </Dialog>
  );
  return (
    <Dialog title={t("photo.take")} onClose={onClose}>
      {state === "none" ? <Note tone="late" icon="alarm"><p>{t("photo.noCamera")}</p></Note> : <video ref={video} class="picture" muted playsInline aria-label={t("photo.live")} />}
      {state === "starting" && <Waiting />}
      {state === "live" && <Button main full icon="photo" onClick={shoot}>{t("photo.shoot")}</Button>}
    </Dialog>
  );
}
