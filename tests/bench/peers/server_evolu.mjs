// SPDX-License-Identifier: Apache-2.0

import { createExpressApp } from '@evolu/server';
import * as Effect from 'effect/Effect';
import process from 'node:process';

process.chdir(process.argv[2]);
const { app } = await Effect.runPromise(createExpressApp);
const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
