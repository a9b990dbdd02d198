// pg_proc, pg_operator, pg_aggregate, pg_cast: functions and operators, from the same records that run them.
import { arrayFrom } from '../../../engine/data/composite.ts';
import { oidOf, typeRowByName } from '../../../engine/data/type-info.ts';
import { listedCasts } from '../../../engine/expression/cast-table.ts';
import { PG_CATALOG_OID, POSTGRES_ROLE_OID } from '../entry.ts';
import type { SystemContext, SystemRelation } from '../entry.ts';
import { FunctionOids } from './function-oids.ts';
import { systemRelation, vectorOf } from './relation-columns.ts';
import type { SystemRow } from './relation-columns.ts';

function* functions(context: SystemContext): Iterable<SystemRow> {
  for (const f of FunctionOids.of(context.functions).functions) {
    const args = [...f.args, ...(f.variadic === null ? [] : [f.variadic])];
    yield {
      oid: f.oid, proname: f.name, pronamespace: PG_CATALOG_OID, proowner: POSTGRES_ROLE_OID, prolang: 12, procost: 1,
      prorows: f.returnsSet ? 1000 : 0, provariadic: f.variadic === null ? 0 : oidOf(f.variadic), prosupport: 0, prokind: f.kind,
      prosecdef: false, proleakproof: false, proisstrict: f.strict, proretset: f.returnsSet, provolatile: f.volatility, proparallel: 's',
      pronargs: args.length, pronargdefaults: f.optional, prorettype: oidOf(f.returns), proargtypes: vectorOf(args.map(oidOf)),
      proargmodes: f.variadic === null ? null : arrayFrom([...f.args.map(() => 'i'), 'v']),
      proallargtypes: f.variadic === null ? null : arrayFrom(args.map(oidOf)), prosrc: f.name,
    };
  }
}

function* operators(context: SystemContext): Iterable<SystemRow> {
  for (const o of FunctionOids.of(context.functions).operators) {
    yield {
      oid: o.oid, oprname: o.name, oprnamespace: PG_CATALOG_OID, oprowner: POSTGRES_ROLE_OID, oprkind: o.left === null ? 'l' : 'b',
      oprcanmerge: o.name === '=', oprcanhash: o.name === '=', oprleft: o.left === null ? 0 : oidOf(o.left), oprright: oidOf(o.right),
      oprresult: oidOf(o.result), oprcom: 0, oprnegate: 0, oprcode: 0, oprrest: 0, oprjoin: 0,
    };
  }
}

function* aggregates(context: SystemContext): Iterable<SystemRow> {
  for (const f of FunctionOids.of(context.functions).functions) {
    if (f.kind !== 'a') continue;
    yield { aggfnoid: f.oid, aggkind: 'n', aggnumdirectargs: 0, aggtransfn: 0, aggfinalfn: 0, aggcombinefn: 0, aggserialfn: 0, aggdeserialfn: 0,
      aggmtransfn: 0, aggminvtransfn: 0, aggmfinalfn: 0, aggfinalextra: false, aggmfinalextra: false, aggfinalmodify: 'r', aggmfinalmodify: 'r',
      aggsortop: 0, aggtranstype: 2281, aggtransspace: 0, aggmtranstype: 0, aggmtransspace: 0 };
  }
}

/** From where PostgreSQL's initdb hands out OIDs; unique within pg_cast, which is all that is asked. */
const FIRST_CAST = 10_000;
const CONTEXTS = { implicit: 'i', assignment: 'a', explicit: 'e' } as const;

const rowOfKind = (kind: string): ReturnType<typeof typeRowByName> => typeRowByName(kind === 'boolean' ? 'bool' : kind);

function* casts(context: SystemContext): Iterable<SystemRow> {
  const functionOf = new Map<string, number>();
  for (const f of FunctionOids.of(context.functions).functions) {
    if (f.args.length === 1) functionOf.set(`${f.name} ${f.args[0].kind}`, f.oid);
  }
  let oid = FIRST_CAST;
  for (const [from, to, when] of listedCasts()) {
    const [source, target] = [rowOfKind(from), rowOfKind(to)];
    if (source === undefined || target === undefined) continue;
    const castfunc = functionOf.get(`${target.name} ${from}`) ?? 0;
    yield {
      oid: oid++, castsource: source.oid, casttarget: target.oid, castfunc, castcontext: CONTEXTS[when],
      // There is no function of that name: the values are converted by ours.
      castmethod: castfunc === 0 ? 'i' : 'f',
    };
  }
}

export const FUNCTIONS: readonly SystemRelation[] = [
  systemRelation('pg_catalog', 'pg_proc', { now: functions }),
  systemRelation('pg_catalog', 'pg_operator', { now: operators }),
  systemRelation('pg_catalog', 'pg_aggregate', { now: aggregates }),
  systemRelation('pg_catalog', 'pg_cast', { now: casts }),
];
