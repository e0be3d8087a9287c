package zoo
import ("testing";"os";"bytes";"upset/models/driver";"upset/models/reference";"upset/models/tflite";"upset/npu";"upset/npu/isa")
func TestScratch(t *testing.T){
 for _,c:=range []struct{n string; cfg isa.Config}{{"fashion-dscnn",isa.U55x128},{"fashion-tiny",isa.U55x32}} {
  n,_:=ByName(c.n); cfg:=c.cfg
  dir:=shippedDir(t)
  if d:=os.Getenv("MDIR");d!=""{dir=d}
  raw,err:=os.ReadFile(n.ModelPath(dir)); if err!=nil {continue}
  ins:=[][]byte{make([]byte,n.InputBytes())}
  for i:=range ins[0]{ins[0][i]=byte(i*37+i*i*11)}
  m,_:=tflite.Parse(raw); want,_:=reference.Run(m,[][]byte{ins[0]})
  net,err:=driver.Open(raw,cfg); if err!=nil{t.Error(n.Name,cfg,err);continue}
  p:=net.Program()
  var mem isa.Memory
  if err:=p.Load(&mem,ins[0]);err!=nil{t.Error(err);continue}
  mc:=npu.New(cfg,npu.DefaultSystem(),npu.ECCNone,&mem)
  var last uint64; k:=0
  var kern []driver.OpInfo
  for _,o:=range p.Operations { if o.Kind!="dma" {kern=append(kern,o)} }
  mc.Observe=func(x npu.Note){ if x.Kind==npu.NoteRetire { nm:=""; if k<len(kern){nm=kern[k].Kind+" "+kern[k].Name}; t.Log(x.Cycle,x.Cycle-last,nm);last=x.Cycle;k++ } else if x.Kind==npu.NoteDMAStart {t.Log("   dma start",x.Cycle)} }
  mc.Start(p.StreamAddr(),len(p.Commands)*4,p.Bases())
  st:=mc.Run(200000)
  t.Log(n.Name,cfg,st,mc.Cycle(),bytes.Equal(p.ReadOutputs(&mem),want[0]), len(p.Commands))
 }
}
