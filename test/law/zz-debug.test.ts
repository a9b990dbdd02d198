import { it } from 'vitest';
import { Multiset } from '../../engine/function/aggregate/multiset.ts';
import { vectorFromDatums, datumAt } from '../../engine/data/access.ts';
import { TEXT } from '../../engine/data/types.ts';
import { StatePages } from '../support/state-pages.ts';
import { liveIds } from '../../engine/state/key-index.ts';
it('x', () => {
  let m = new Multiset([TEXT], 'value', true);
  m.ensure(1);
  const up = (m: Multiset, words: (string|null)[], w: number[]) => {
    m.apply(new Int32Array(words.length), [vectorFromDatums(TEXT, words)], Int32Array.from(w), words.length);
    console.log([...m.touched.subarray(0,m.touchedCount)].map((e,i)=>e+':'+datumAt(m.pages.gatherColumn(1,Int32Array.of(e)),0)+' '+m.before[i]+'->'+m.weight(e)).join(', '));
    m.settle(); };
  up(m, ['b','ä','ab','a','日本','q','','zz'], [1,1,1,1,1,0,1,1]);
  up(m, ['zz'], [-1]);
  const s = new StatePages();
  m.save('m', s.writer);
  const n = new Multiset([TEXT], 'value', true); n.ensure(1);
  n.restore('m', s.reader, () => {});
  for (const p of s.reader.pages('m')) console.log('page', p.page, p.batch.length, [...Array(p.batch.length).keys()].map((i)=>datumAt(p.batch.columns[0],i)+'/'+datumAt(p.batch.columns[1],i)+'/'+datumAt(p.batch.columns[2],i)).join(' '));
  up(n, ['b','','zzzzzz','ab',null], [-1,-1,-1,1,1]);
});
