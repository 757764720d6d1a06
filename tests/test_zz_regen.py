"""Ask every address for every persona and write the table. Run: pytest -p no:cacheprovider /tmp/regen_matrix.py from the root."""
import csv
from django.db import transaction
from tests import test_access_matrix as m
scene = m.scene
import pytest
@pytest.mark.timeout(1500)
def test_write(scene, db):
    names=sorted(set(m.addresses())); old={(r["url"],r["method"]):r for r in m.rows()} if m.MATRIX.exists() else {}
    keys=[(u,me) for u in names for me in ("GET","POST")]+[k for k in old if k[1] not in ("GET","POST") and k[0] in names]
    out=[]
    for u,me in keys:
        if old and (u,me) not in old and not any(k[0]==u for k in old): pass
        row={"url":u,"method":me}
        for p in m.PERSONAS:
            inner=transaction.atomic(); inner.__enter__()
            try: row[p]=m.verdict(scene.ask(p,me,u))
            except Exception as e: row[p]="ERR"+repr(e)[:60]
            finally:
                transaction.set_rollback(True); inner.__exit__(None,None,None)
        out.append(row)
    with m.MATRIX.open("w",newline="",encoding="utf-8") as f:
        w=csv.DictWriter(f,["url","method",*m.PERSONAS]); w.writeheader(); w.writerows(out)
