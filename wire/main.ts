#!/usr/bin/env node
// `npm start`: the server, until a signal stops it; or one of the commands.
import { runCommand } from './commands.ts';
import { greet, readConfig, start, stopOnSignals, usage } from './program.ts';
import type { Running } from './program.ts';

const args = process.argv.slice(2);
const code = await runCommand(args, { print: console.log, complain: console.error });
if (code === 2) usage(`wrong number of operands for ${args[0]}`);
if (code !== null) process.exit(code);
const config = readConfig(args, process.env);
let running: Running;
try {
  running = await start(config);
} catch (error) {
  console.error(`millrace: cannot start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
stopOnSignals(running);
greet(running);
