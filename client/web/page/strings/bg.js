// SPDX-License-Identifier: Apache-2.0
//
// What the person concerned sees or receives, in Bulgarian. Not yet read by a native reader ("non relu").
export default {
  "face.title": "За вас",
  "face.read": "Прочети на глас",
  "face.stop": "Спри",
  "face.back": "Назад",
  "face.yes": "Да",
  "face.no": "Не",
  "face.effects": "Какво се променя, ако приемете или откажете тази работа",
  "face.offer": "Предложение за работа",
  "face.notreviewed": "Преводът още не е проверен.",
  "message.appointment": (day, hour, place) => `Добър ден, имаме среща ${day}${hour ? ` в ${hour} ч.` : ""}${place ? `, ${place}` : ""}. До скоро.`,
  "message.callback": "Добър ден, можете ли да ми се обадите, когато имате време? Благодаря.",
};
