// ErrorRows: the errors a view carries, each with the net weight of the rows that raise it.
import { DatabaseError } from '../data/error.ts';
import type { ByteReader, PieceWriter } from '../data/bytes.ts';

export class ErrorRows {
  readonly #errors = new Map<string, { readonly error: DatabaseError; weight: number }>();

  add(error: DatabaseError, weight: number): void {
    const key = `${error.code} ${error.message}`;
    const held = this.#errors.get(key);
    if (held === undefined) this.#errors.set(key, { error, weight });
    else {
      held.weight += weight;
      if (held.weight === 0) this.#errors.delete(key);
    }
  }

  first(): DatabaseError | null {
    for (const { error, weight } of this.#errors.values()) if (weight > 0) return error;
    return null;
  }

  /** All that count, with the rows that raise them. */
  list(): readonly { readonly error: DatabaseError; readonly weight: number }[] {
    return [...this.#errors.values()].filter(({ weight }) => weight > 0);
  }

  clear(): void {
    this.#errors.clear();
  }

  save(out: PieceWriter): void {
    out.u32(this.#errors.size);
    for (const { error, weight } of this.#errors.values()) {
      out.text(error.code);
      out.text(error.marked.message);
      out.text(error.marked.detail ?? '');
      out.text(error.marked.hint ?? '');
      out.i64(BigInt(weight));
    }
  }

  restore(from: ByteReader): void {
    for (let n = from.u32(); n > 0; n--) {
      const code = from.text();
      const message = from.text();
      const detail = from.text();
      const hint = from.text();
      const fields = { detail: detail === '' ? undefined : detail, hint: hint === '' ? undefined : hint };
      this.add(new DatabaseError(code, message, fields), Number(from.i64()));
    }
  }
}
