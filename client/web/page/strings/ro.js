// SPDX-License-Identifier: Apache-2.0
//
// What the person concerned sees or receives, in Romanian. Not yet read by a native reader ("non relu").
export default {
  "face.title": "Pentru dumneavoastră",
  "face.read": "Citește cu voce tare",
  "face.stop": "Oprește",
  "face.back": "Înapoi",
  "face.yes": "Da",
  "face.no": "Nu",
  "face.effects": "Ce se schimbă dacă acceptați sau refuzați acest loc de muncă",
  "face.offer": "O propunere de muncă",
  "face.notreviewed": "Traducere nerevizuită încă.",
  "message.appointment": (day, hour, place) => `Bună ziua, avem întâlnire ${day}${hour ? ` la ora ${hour}` : ""}${place ? `, ${place}` : ""}. Pe curând.`,
  "message.callback": "Bună ziua, puteți să mă sunați când aveți timp? Mulțumesc.",
};
