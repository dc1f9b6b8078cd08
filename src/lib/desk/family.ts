import { nameOf } from './words.ts';

/** Somebody who comes with another's phone. */
export interface Member {
  id: string;
  name: string;
  birthYear: number | null;
}

/** As the functions of the desk answer them. */
export interface MemberRow {
  dependent_id: string;
  name: string | null;
  birth_year: number | null;
}

export const memberOf = ({ dependent_id, name, birth_year }: MemberRow): Member => ({
  id: dependent_id,
  name: nameOf({ name }),
  birthYear: birth_year
});
