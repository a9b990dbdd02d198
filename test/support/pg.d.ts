// What the tests use of node-postgres, an independent client that ships no types.
declare module 'pg' {
  export class Client {
    constructor(config: {
      readonly host: string; readonly port: number; readonly user: string; readonly database: string; readonly password?: string;
    });
    connect(): Promise<void>;
    query(
      query: string | { readonly name?: string; readonly text: string; readonly values: readonly unknown[] },
      values?: readonly unknown[],
    ): Promise<{
      readonly rows: readonly Readonly<Record<string, unknown>>[]; readonly rowCount: number | null; readonly command: string;
    }>;
    end(): Promise<void>;
    on(event: 'error', listener: (error: Error) => void): void;
    on(event: 'notification', listener: (notification: { readonly payload?: string }) => void): void;
  }
}
