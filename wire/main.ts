#!/usr/bin/env node
// `npm start`: the server, until a signal stops it.
import { greet, readConfig, start, stopOnSignals } from './program.ts';
import type { Running } from './program.ts';

const config = readConfig(process.argv.slice(2), process.env);
let running: Running;
try {
  running = await start(config);
} catch (error) {
  console.error(`millrace: cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
stopOnSignals(running);
greet(running);
