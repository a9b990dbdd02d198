// The list of all window functions that are no aggregates.
import { RANKINGS } from './ranking.ts';
import { VALUES } from './values.ts';
import type { RankingFunction } from './window-function.ts';

export const RANKING_FUNCTIONS: readonly RankingFunction[] = [...RANKINGS, ...VALUES];
