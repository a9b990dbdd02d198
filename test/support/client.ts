// An in-process client: runs SQL text through a Session and gives rows as text, as psql -At shows them.
import { datumAt } from '../../engine/data/access.ts';
import { DatabaseError } from '../../engine/data/error.ts';
import { formatText } from '../../engine/data/text-format.ts';
import type { Database } from '../../sql/index.ts';
import type { ExecuteResult, Notice, ResultColumn, Session } from '../../sql/index.ts';
import type { Batch } from '../../engine/data/batch.ts';

export interface QueryResult {
  readonly tag: string;
  readonly columns: readonly ResultColumn[];
  /** null: SQL NULL. */
  readonly rows: readonly (readonly (string | null)[])[];
}

let nextProcess = 1;

export class Client {
  readonly session: Session;
  readonly notices: Notice[] = [];
  readonly parameters = new Map<string, string>();
  readonly notifications: { processId: number; channel: string; payload: string }[] = [];
  readonly processId: number;

  constructor(database: Database,
    options: { readonly user?: string; readonly parameters?: ReadonlyMap<string, string> } = {}) {
    this.processId = nextProcess++;
    this.session = database.connect({
      user: options.user ?? 'millrace', database: 'millrace', parameters: options.parameters ?? new Map(),
      processId: this.processId, remote: null,
      onNotice: (notice) => this.notices.push(notice),
      onParameterStatus: (name, value) => this.parameters.set(name, value),
      onNotification: (n) => this.notifications.push(n),
    });
  }

  /** Every statement's result. */
  async query(text: string): Promise<readonly QueryResult[]> {
    const out: QueryResult[] = [];
    for await (const result of this.session.simple(text)) out.push(await this.#take(result));
    return out;
  }

  /** The last result's rows, a string each: `1|a|`. */
  async rows(text: string): Promise<readonly string[]> {
    const results = await this.query(text);
    return (results[results.length - 1]?.rows ?? []).map((row) => row.map((v) => v ?? '').join('|'));
  }

  async tags(text: string): Promise<readonly string[]> {
    return (await this.query(text)).map((r) => r.tag);
  }

  /** `CODE message`, or null when all went well. */
  async error(text: string): Promise<string | null> {
    try {
      await this.query(text);
      return null;
    } catch (error) {
      if (error instanceof DatabaseError) return `${error.code} ${error.message}`;
      throw error;
    }
  }

  async failure(text: string): Promise<DatabaseError> {
    try {
      await this.query(text);
    } catch (error) {
      if (error instanceof DatabaseError) return error;
      throw error;
    }
    throw new Error(`no error: ${text}`);
  }

  /** One parse, bind, execute, sync with text parameters. */
  async extended(text: string, values: readonly (string | null)[] = []): Promise<QueryResult> {
    try {
      this.session.parse('', text, []);
      this.session.bind({
        portal: '', statement: '',
        parameters: values.map((v) => ({ format: 0, bytes: v === null ? null : new TextEncoder().encode(v) })),
      });
      return await this.#take(await this.session.execute('', 0));
    } catch (error) {
      this.session.fail();
      throw error;
    } finally {
      await this.session.sync();
    }
  }

  async take(result: ExecuteResult): Promise<QueryResult> {
    return this.#take(result);
  }

  async #take(result: ExecuteResult): Promise<QueryResult> {
    switch (result.kind) {
      case 'empty': return { tag: '', columns: [], rows: [] };
      case 'command': return { tag: result.tag, columns: [], rows: [] };
      case 'copyIn': throw new Error('COPY FROM STDIN needs copyIn()');
      case 'rows': case 'copyOut': {
        const rows: (string | null)[][] = [];
        for await (const batch of result.batches) rows.push(...this.#text(batch, result.columns));
        return { tag: result.tag(rows.length), columns: result.columns, rows };
      }
    }
  }

  /** COPY .. FROM STDIN with rows already in columns. */
  async copyIn(text: string, batches: readonly Batch[]): Promise<string> {
    let tag = '';
    for await (const result of this.session.simple(text)) {
      if (result.kind !== 'copyIn') throw new Error(`not a COPY: ${text}`);
      for (const batch of batches) await result.sink.write(batch);
      tag = (await result.sink.finish()).tag;
    }
    return tag;
  }

  #text(batch: Batch, columns: readonly ResultColumn[]): (string | null)[][] {
    const rows: (string | null)[][] = [];
    for (let row = 0; row < batch.length; row++) {
      rows.push(columns.map((c, i) => {
        const datum = datumAt(batch.columns[i], row);
        return datum === null ? null : formatText(c.type, datum, this.session.format, { names: this.session.names });
      }));
    }
    return rows;
  }

  async close(): Promise<void> {
    await this.session.close();
  }
}
