// SPDX-License-Identifier: Apache-2.0
//
// Reads a QR code with the camera: the phone's own detector where there is one, else the package qr. The picture stays here.
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../lib/i18n.js";
import { Dialog } from "./dialog.jsx";

async function reader() {
  if (globalThis.BarcodeDetector && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue;
  }
  const { default: decodeQR } = await import("qr/decode.js"); // many bytes, and most phones have their own
  const canvas = document.createElement("canvas");
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const side = Math.min(video.videoWidth, video.videoHeight, 720);
    if (!side) return null;
    canvas.width = canvas.height = side;
    const cut = Math.min(video.videoWidth, video.videoHeight);
    paint.drawImage(video, (video.videoWidth - cut) / 2, (video.videoHeight - cut) / 2, cut, cut, 0, 0, side, side);
    return decodeQR(paint.getImageData(0, 0, side, side));
  };
}

export function Scanner({ onFound, onClose }) {
  const video = useRef(null);
  const [error, setError] = useState(null);
  useEffect(() => {
    let stream, over = false;
    (async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
        if (over) return stream.getTracks().forEach((track) => track.stop());
        video.current.srcObject = stream;
        await video.current.play();
        const read = await reader();
        while (!over) {
          const text = await read(video.current).catch(() => null);
          if (text && !over) { over = true; return onFound(text); }
          await new Promise((wake) => setTimeout(wake, 120));
        }
      } catch { if (!over) setError(t("scan.no")); }
    })();
    return () => {
      over = true;
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  return (
    <Dialog title={t("scan.title")} onClose={onClose}>
      {error ? <p role="alert">{error}</p> : <video ref={video} class="camera" muted playsInline aria-label={t("scan.title")} />}
      <p class="soft">{t("scan.help")}</p>
    </Dialog>
  );
}
