// The list of source connectors, one file each.
import type { SourceConnector } from '../../engine/runtime/connector.ts';
import { DATAGEN } from './datagen.ts';
import { FILE } from './file.ts';
import { HOST } from './host.ts';
import { NEXMARK } from './nexmark.ts';

export const CONNECTORS: readonly SourceConnector[] = [DATAGEN, FILE, HOST, NEXMARK];
