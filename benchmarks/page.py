from typing import NamedTuple
class Measured(NamedTuple):
    sizes: tuple
    orders: int
    times: list
    traces: dict
    tables: dict
def page(m):
    import json,statistics as st
    out=[]
    for c in m.times[0]:
        v=[t[c]['run']/t[c]['orders']/t[c]['yardstick'] for t in m.times]
        out.append(f"{c} {[round(x) for x in v]} {st.median(v):.0f}")
    for k in ('idle','day'):
        v=[]
        for t in m.times:
            d={c.users: t[c]['run']/t[c]['events']/t[c]['yardstick'] for c in t if c.market==k}
            v.append([round(d[u]/d[1000],3) for u in m.sizes])
        out.append(str(v))
    return '\n'.join(out)
