/*
 * Reads the part of Postgres' logical replication protocol that inserts need (plugin pgoutput, text values). Rolled
 * back transactions never get here, and a transaction arrives only once it has committed.
 */

/** A row that was inserted; values are in Postgres' text form. */
export interface InsertedRow {
  schema: string;
  table: string;
  row: Record<string, string | null>;
}

interface Relation {
  schema: string;
  table: string;
  columns: string[];
}

/** Walks through a message. */
class Reader {
  #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset: number) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  skip(length: number): void {
    this.#advance(length);
  }

  text(length: number): string {
    const start = this.#advance(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  /** Text that ends with a zero byte. */
  name(): string {
    const length = this.#bytes.indexOf(0, this.#offset) - this.#offset;
    const name = this.text(length);
    this.skip(1);
    return name;
  }

  #advance(length: number): number {
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

/** One stream's worth of decoding: tables are described once, before their first row. */
export class PgOutputDecoder {
  #relations = new Map<number, Relation>();

  /** The row, if `message` (without the header of the copy stream) is an insert. */
  decode(message: Buffer): InsertedRow | undefined {
    const reader = new Reader(message, 1);
    switch (String.fromCharCode(message[0] ?? 0)) {
      case 'R':
        this.#relations.set(reader.uint32(), relation(reader));
        return undefined;
      case 'I':
        return this.#insert(reader);
      default:
        return undefined;
    }
  }

  #insert(reader: Reader): InsertedRow {
    const id = reader.uint32();
    const described = this.#relations.get(id);
    if (!described) throw new Error(`Postgres sent a row of a table that it has not described (${id}).`);
    const { schema, table, columns } = described;
    reader.skip(1);
    const count = reader.uint16();
    const row: InsertedRow['row'] = {};
    for (const column of columns.slice(0, count)) row[column] = value(reader);
    return { schema, table, row };
  }
}

function relation(reader: Reader): Relation {
  const schema = reader.name();
  const table = reader.name();
  reader.skip(1);
  const columns = Array.from({ length: reader.uint16() }, () => {
    reader.skip(1);
    const column = reader.name();
    reader.skip(8);
    return column;
  });
  return { schema, table, columns };
}

function value(reader: Reader): string | null {
  return String.fromCharCode(reader.uint8()) === 't' ? reader.text(reader.uint32()) : null;
}
