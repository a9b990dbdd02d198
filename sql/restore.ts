// `millrace restore`: a data folder from a backup.
import { restoreFolder } from '../storage/index.ts';

/** Throws F0000 unless `folder` is missing or empty and `backup` holds a backup that this program reads, XX001 for damage. */
export async function restoreDatabase(backup: string, folder: string): Promise<void> {
  await restoreFolder(backup, folder);
}
