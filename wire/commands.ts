// The program's commands besides the server: check, restore.
import { resolve } from 'node:path';
import { checkDatabase, restoreDatabase } from '../sql/index.ts';

interface Command {
  /** As in the usage. */
  readonly operands: number;
  /** The exit code. */
  run(operands: readonly string[], print: (line: string) => void): Promise<number>;
}

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['check', {
    operands: 1,
    run: async ([folder], print): Promise<number> => {
      const { lines, damaged } = await checkDatabase(resolve(folder));
      for (const line of lines) print(line);
      return damaged ? 1 : 0;
    },
  }],
  ['restore', {
    operands: 2,
    run: async ([backup, folder], print): Promise<number> => {
      await restoreDatabase(resolve(backup), resolve(folder));
      print(`restored ${resolve(folder)}`);
      return 0;
    },
  }],
]);

/**
 * Runs `args` as a command: 0 when all is well, 1 when it found damage or failed, 2 for a wrong usage; null when it is none.
 */
export async function runCommand(
  args: readonly string[], out: { print(line: string): void; complain(line: string): void },
): Promise<number | null> {
  const [name, ...operands] = args;
  const command = COMMANDS.get(name ?? '');
  if (command === undefined) return null;
  if (operands.length !== command.operands || operands.some((operand) => operand.startsWith('-'))) return 2;
  try {
    return await command.run(operands, (line) => out.print(line));
  } catch (error) {
    out.complain(`millrace: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}
