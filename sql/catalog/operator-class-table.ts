// PostgreSQL's btree operator classes, and its functions that say how far apart two values are: data.

/** A line: name, OID, input type by its pg_type name, whether it is the type's default. */
export const BTREE_CLASS_TABLE = `
int4_ops 1978 int4 t
int2_ops 1979 int2 t
oid_ops 1981 oid t
date_ops 3122 date t
float8_ops 3123 float8 t
int8_ops 3124 int8 t
numeric_ops 3125 numeric t
text_ops 3126 text t
timestamptz_ops 3127 timestamptz t
timestamp_ops 3128 timestamp t
text_pattern_ops 4217 text f
varchar_pattern_ops 4218 text f
bpchar_pattern_ops 4219 bpchar f
array_ops 10000 anyarray t
bit_ops 10002 bit t
bool_ops 10003 bool t
bpchar_ops 10004 bpchar t
bytea_ops 10006 bytea t
char_ops 10007 char t
cidr_ops 10009 inet f
float4_ops 10012 float4 t
inet_ops 10015 inet t
interval_ops 10022 interval t
macaddr_ops 10024 macaddr t
macaddr8_ops 10026 macaddr8 t
name_ops 10028 name t
oidvector_ops 10032 oidvector t
record_ops 10034 record t
record_image_ops 10036 record f
time_ops 10038 time t
timetz_ops 10041 timetz t
varbit_ops 10043 varbit t
varchar_ops 10044 text f
money_ops 10047 money t
tid_ops 10050 tid t
xid8_ops 10053 xid8 t
uuid_ops 10065 uuid t
pg_lsn_ops 10067 pg_lsn t
enum_ops 10069 anyenum t
tsvector_ops 10071 tsvector t
tsquery_ops 10074 tsquery t
range_ops 10076 anyrange t
multirange_ops 10080 anymultirange t
jsonb_ops 10088 jsonb t
`;

/** A line: name, OID, type of both arguments; all return double precision. */
export const DIFFERENCE_TABLE = `
float8mul 216 float8
float8div 217 float8
float8pl 218 float8
float8mi 219 float8
float8larger 223 float8
float8smaller 224 float8
dpow 232 float8
pow 1346 float8
power 1368 float8
atan2 1603 float8
atan2d 2734 float8
int4range_subdiff 3922 int4
int8range_subdiff 3923 int8
numrange_subdiff 3924 numeric
daterange_subdiff 3925 date
tsrange_subdiff 3929 timestamp
tstzrange_subdiff 3930 timestamptz
`;
