// Types for the emscripten factory inside libpg-query, which the package ships without any.
declare module 'libpg-query/wasm/libpg-query.js' {
  export interface PgQueryInstance {
    _malloc(bytes: number): number;
    _free(pointer: number): void;
    _wasm_parse_query_raw(text: number): number;
    _wasm_free_parse_result(result: number): void;
    getValue(pointer: number, type: 'i32'): number;
    lengthBytesUTF8(text: string): number;
    stringToUTF8(text: string, pointer: number, capacity: number): void;
    UTF8ToString(pointer: number): string;
  }
  const createInstance: (options?: object) => Promise<PgQueryInstance>;
  export default createInstance;
}
