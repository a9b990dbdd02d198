// Tidy: properties of the code itself, checked as ordinary tests: arrows, names, sizes, dead files, links in documents.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const ROOMS = ['engine', 'sql', 'storage', 'wire'] as const;
const FOLDERS = [...ROOMS, 'test', 'bench'];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** Project files it imports, as paths from the root. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
}

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

function read(path: string): Source {
  const text = readFileSync(path, 'utf8');
  const specifiers = [...text.matchAll(/^(?:import|export)\s[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'/gm)]
    .map((m) => m[1] ?? m[2]);
  return {
    path: relative(ROOT, path),
    text,
    lines: text.split('\n'),
    imports: specifiers.filter((s) => s.startsWith('.')).map((s) => relative(ROOT, resolve(dirname(path), s))),
    packages: specifiers.filter((s) => !s.startsWith('.')),
  };
}

const sources = FOLDERS.flatMap((folder) => walk(join(ROOT, folder)))
  .filter((path) => path.endsWith('.ts')).map(read);
const product = sources.filter((s) => ROOMS.some((room) => s.path.startsWith(`${room}/`)));

/** Which rooms a room may import from, itself apart. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  engine: [], storage: ['engine'], sql: ['engine', 'storage'], wire: ['engine', 'sql'],
};

/** Outside packages and the only files or folders that may import them. */
const PACKAGE_HOMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['level', ['storage/level-database.ts']],
  ['apache-arrow', ['wire/arrow-columns.ts', 'wire/copy-arrow.ts']],
  ['flatbuffers', ['wire/copy-arrow.ts']],
  ['libpg-query', ['sql/parser/']],
  ['node-sql-parser', ['sql/parser/foreign']],
  ['@node-rs/crc32', ['storage/crc32c.ts']],
  ['re2js', ['engine/data/regex/']],
  ['node:net', ['wire/']],
  ['node:fs', ['storage/', 'wire/connector/', 'wire/demo']],
  ['node:fs/promises', ['storage/', 'wire/connector/']],
]);

/** Run by a script of package.json or by .ci/run; nothing imports them. */
const ENTRIES = new Set([
  'wire/main.ts', 'wire/demo.ts', 'sql/index.ts', 'engine/index.ts', 'storage/index.ts',
  // Compiled by setup.mjs.
  'engine/data/kernel/assembly/fields.ts',
]);

function offenders(test: (source: Source) => boolean, among: readonly Source[] = product): string[] {
  return among.filter(test).map((s) => s.path);
}

describe('layout', () => {
  it('has no source folder beside those of the house', () => {
    const allowed = new Set([...FOLDERS, 'examples', 'node_modules', 'dist', 'millrace-data', '.git', '.ci']);
    const folders = readdirSync(ROOT, { withFileTypes: true })
      .filter((e) => e.isDirectory() && !allowed.has(e.name)).map((e) => e.name);
    expect(folders).toEqual([]);
  });

  it('names files in kebab-case', () => {
    expect(offenders((s) => !/^[a-z0-9-]+(\.test|\.config|\.d)?\.ts$/.test(s.path.split('/').at(-1) ?? ''), sources))
      .toEqual([]);
  });

  it('says in the first line of each file what it is', () => {
    expect(offenders((s) => {
      const first = s.lines[0].startsWith('#!') ? s.lines[1] : s.lines[0];
      return !/^\/\/ \S.{10,}/.test(first);
    }, sources)).toEqual([]);
  });

  it('keeps files under 500 lines of code, tables of data apart', () => {
    // Tables are data: one entry a line, no logic to follow.
    const tables = /(-table|-types|ast|ast-statement|ast-query|ast-expression)\.ts$|sql\/catalog\/system\//;
    const long = product.filter((s) => !tables.test(s.path)
      && s.lines.filter((l) => l.trim() !== '' && !l.trim().startsWith('//') && !l.trim().startsWith('*')).length > 500);
    expect(long.map((s) => `${s.path} ${s.lines.length}`)).toEqual([]);
  });

  it('keeps lines within 130 characters, rows of data apart', () => {
    const limit = (s: Source): number => (/sql\/catalog\/system\/|-table\.ts$/.test(s.path) ? 160 : 130);
    const long = product.flatMap((s) => s.lines
      .map((line, i) => (line.length > limit(s) && !/https?:\/\//.test(line) ? `${s.path}:${i + 1}` : ''))
      .filter((x) => x !== ''));
    expect(long).toEqual([]);
  });
});

describe('arrows', () => {
  it('point down', () => {
    const upward = product.flatMap((s) => {
      const room = s.path.split('/')[0];
      return s.imports.filter((to) => {
        const target = to.split('/')[0];
        return target !== room && !ARROWS[room].includes(target);
      }).map((to) => `${s.path} → ${to}`);
    });
    expect(upward).toEqual([]);
  });

  it('enter sql from wire by its door alone', () => {
    const past = product.filter((s) => s.path.startsWith('wire/'))
      .flatMap((s) => s.imports.filter((to) => to.startsWith('sql/') && to !== 'sql/index.ts').map((to) => `${s.path} → ${to}`));
    expect(past).toEqual([]);
  });

  it('let engine/data stand on nothing of ours', () => {
    const past = product.filter((s) => s.path.startsWith('engine/data/'))
      .flatMap((s) => s.imports.filter((to) => !to.startsWith('engine/data/')).map((to) => `${s.path} → ${to}`));
    expect(past).toEqual([]);
  });

  it('keep each outside package in its home', () => {
    const strays = product.flatMap((s) => s.packages.filter((name) => {
      const homes = PACKAGE_HOMES.get(name);
      return homes !== undefined && !homes.some((home) => s.path.startsWith(home));
    }).map((name) => `${s.path} imports ${name}`));
    expect(strays).toEqual([]);
  });

  it('keep the engine free of node and of clocks', () => {
    const dirty = product.filter((s) => s.path.startsWith('engine/') && (
      s.packages.some((name) => name.startsWith('node:'))
      || /\b(Date\.now|Math\.random|setTimeout|setInterval|setImmediate|process\.)\b/.test(stripComments(s.text))));
    expect(dirty.map((s) => s.path)).toEqual([]);
  });
});

function stripComments(text: string): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(?<=^|\s)\/\/.*$/gm, blank);
}

describe('leftovers', () => {
  it('has no dead file', () => {
    const used = new Set(sources.flatMap((s) => s.imports));
    expect(offenders((s) => !used.has(s.path) && !ENTRIES.has(s.path) && !s.path.endsWith('.d.ts'))).toEqual([]);
  });

  it('has no note to self, switched-off test or silenced check', () => {
    // Spelled apart, so that this file passes its own test.
    const banned = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', '\\.on' + 'ly\\(', '(it|describe|test)\\.sk' + 'ip\\(',
      '@ts-' + 'ignore', '@ts-' + 'nocheck', '@ts-' + 'expect-error', 'lint-' + 'disable', '\\)? as a' + 'ny[;,)\\s]'];
    const pattern = new RegExp(banned.join('|'));
    expect(sources.flatMap((s) => s.lines.map((line, i) => (pattern.test(line) ? `${s.path}:${i + 1}` : ''))
      .filter((x) => x !== ''))).toEqual([]);
  });

  it('has no cast outside the files that may', () => {
    const homes = /^sql\/parser\/|^engine\/data\/|^storage\/codec|^wire\/(arrow-columns|copy-arrow)/;
    const casts = product.filter((s) => !homes.test(s.path)).flatMap((s) => stripComments(s.text).split('\n')
      .map((line, i) => (/[\w)\]}] as (?!const\b)[A-Za-z{(]/.test(line.replace(/'[^']*'|`[^`]*`/g, ''))
        && !/^\s*(import|export)\b/.test(line) ? `${s.path}:${i + 1}` : '')).filter((x) => x !== ''));
    expect(casts).toEqual([]);
  });
});

describe('laws', () => {
  it('has a law test for every operator', () => {
    const operators = product.filter((s) => /^engine\/operator\/[a-z-]+\.ts$/.test(s.path)
      && /implements Operator|extends StatelessOperator/.test(s.text));
    const laws = walk(join(ROOT, 'test/law')).map((path) => readFileSync(path, 'utf8')).join('\n');
    expect(operators.filter((s) => !laws.includes(`engine/operator/${s.path.split('/').at(-1)}`)).map((s) => s.path))
      .toEqual([]);
  });
});

describe('documents', () => {
  const documents = readdirSync(ROOT).filter((name) => name.endsWith('.md'));

  it('are there', () => {
    expect(documents).toEqual(expect.arrayContaining(
      ['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'README.md']));
    expect(existsSync(join(ROOT, 'LICENSE'))).toBe(true);
  });

  it('link only to what exists', () => {
    const broken = documents.flatMap((name) => {
      const text = readFileSync(join(ROOT, name), 'utf8');
      return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((m) => m[1])
        .filter((to) => !existsSync(join(ROOT, to))).map((to) => `${name} → ${to}`);
    });
    expect(broken).toEqual([]);
  });

  it('name only source files that exist', () => {
    const missing = documents.filter((name) => name !== 'CHANGELOG.md').flatMap((name) => {
      const text = readFileSync(join(ROOT, name), 'utf8');
      return [...text.matchAll(/`((?:engine|sql|storage|wire|test|bench)\/[\w./-]+?)`/g)].map((m) => m[1])
        .filter((to) => !existsSync(join(ROOT, to))).map((to) => `${name}: ${to}`);
    });
    expect(missing).toEqual([]);
  });

  it('state the version of package.json in the code', () => {
    const { version }: { version: string } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(readFileSync(join(ROOT, 'wire/version.ts'), 'utf8')).toContain(`'${version}'`);
  });

  it('commit no file over 1 MB', () => {
    const big = FOLDERS.flatMap((folder) => walk(join(ROOT, folder))).filter((path) => statSync(path).size > 1_000_000);
    expect(big.map((path) => relative(ROOT, path))).toEqual([]);
  });
});
