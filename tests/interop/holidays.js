// SPDX-License-Identifier: Apache-2.0
//
// Prints the public holidays that npm date-holidays knows, 2000 to 2050: "REGION DATE" per line, each
// day once. The three departments of Alsace-Moselle must agree among themselves.
const Holidays = require('date-holidays');

const places = { metropole: [[]], alsace_moselle: [['57'], ['67'], ['68']] };
for (const [region, departments] of Object.entries(places)) {
    const lists = departments.map((department) => {
        const calendar = new Holidays('FR', ...department);
        const days = new Set();
        for (let year = 2000; year <= 2050; year++)
            for (const day of calendar.getHolidays(year))
                if (day.type === 'public')
                    days.add(day.date.slice(0, 10));
        return [...days].sort().map((day) => `${region} ${day}`).join('\n');
    });
    if (lists.some((list) => list !== lists[0]))
        throw new Error(`${region}: the departments differ`);
    console.log(lists[0]);
}
