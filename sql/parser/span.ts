// A statement's place in the source handed to the grammar: offsets in `source.text`, which may be lowered.
export interface StatementSpan { readonly start: number; readonly end: number }
