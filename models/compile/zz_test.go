package compile_test
import ("testing";"os";"fmt";"bytes";"path/filepath";"strings"
"upset/models/driver";"upset/models/tflite";"upset/npu";"upset/npu/isa")
func TestZZ(t *testing.T){
 root:="../../../shared"
 names:=strings.Split(os.Getenv("NETS"),",")
 cfgs:=strings.Split(os.Getenv("CFGS"),",")
 for _,name:=range names{ for _,cs:=range cfgs{
 c,_:=isa.ParseConfig(cs)
 run:=func(n *driver.Network)(uint64,[]byte,[]string){
  p:=n.Program(); in,_:=os.ReadFile(filepath.Join(root,"golden",name,"in_01.bin"))
  mem:=new(isa.Memory); if err:=p.Load(mem,in);err!=nil{t.Fatal(err)}
  m:=npu.New(p.Config,npu.DefaultSystem(),npu.ECCNone,mem); m.Start(p.StreamAddr(),4*len(p.Commands),p.Bases())
  var log []string; last:=uint64(0); k:=0
  ops:=p.Operations
  m.Observe=func(n npu.Note){ if n.Kind==npu.NoteRetire{ 
     for k<len(ops)&&ops[k].Kind=="dma"{k++}
     kn:="";if k<len(ops){kn=ops[k].Kind+" "+fmt.Sprint(ops[k].MACs)}; k++
     log=append(log,fmt.Sprintf("%7d %s",m.Cycle()-last,kn)); last=m.Cycle()}}
  st:=m.Run(100_000_000)
  out:=p.ReadOutputs(m.Mem)
  want,_:=os.ReadFile(filepath.Join(root,"golden",name,"out_01.bin"))
  fmt.Println(name,cs,st,m.Cycle(),"ok:",bytes.Equal(out,want), m.Describe())
  return m.Cycle(),out,log }
 d,_:=os.ReadFile(filepath.Join(root,"vela/ethos-"+cs,name+"_vela.tflite")); mv,_:=tflite.Parse(d)
 nv,err:=driver.FromVela(mv,c); if err!=nil{t.Fatal(err)}
 fmt.Print("vela: "); _,_,l1:=run(nv)
 d,_=os.ReadFile(filepath.Join(root,"models",name+".tflite")); mo,_:=tflite.Parse(d)
 no,err:=driver.Compile(mo,c); if err!=nil{t.Fatal(err)}
 fmt.Print("ours: "); _,_,l2:=run(no)
 if os.Getenv("V")!=""{for i:=0;i<max(len(l1),len(l2));i++{a,b:="","";if i<len(l1){a=l1[i]};if i<len(l2){b=l2[i]};fmt.Printf("%-40s | %s\n",a,b)}}
 }}
}
